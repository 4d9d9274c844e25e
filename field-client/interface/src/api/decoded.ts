/* Percent-encoding undone. An address may be typed, or cut off by who sent it: what is no percent-encoding stands for itself. */
export function decoded(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}
