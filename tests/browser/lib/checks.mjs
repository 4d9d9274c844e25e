/* One line for each check. A failed one does not end the scenario; what is thrown outside of a check does. */
export const counts = { passed: 0, failed: 0 };

export async function check(text, body) {
    try {
        await body();
        counts.passed++;
        console.log(`ok      ${text}`);
    } catch (error) {
        counts.failed++;
        console.log(`FAILED  ${text}\n        ${String(error?.stack ?? error).replace(/\n/g, '\n        ')}`);
    }
}
