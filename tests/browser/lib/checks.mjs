/* One line for each check. A failed one does not end the scenario; what is thrown outside of a check does. */
export const counts = { passed: 0, failed: 0 };

/* What was wrong, and where in the scenario. */
function told(error) {
    const lines = String(error?.stack ?? error).split('\n');
    const frames = lines.filter((line) => /^\s+at .*scenarios/.test(line));
    return [...lines.filter((line) => !/^\s+at /.test(line)), ...frames.slice(0, 2)].join('\n        ');
}

export async function check(text, body) {
    try {
        await body();
        counts.passed++;
        console.log(`ok      ${text}`);
    } catch (error) {
        counts.failed++;
        console.log(`FAILED  ${text}\n        ${told(error)}`);
    }
}
