/* "26:03:59", "3:59": what is left of a time, in a form that both languages read. Pure. */
export function countdown(left_ms: number): string {
    const seconds = Math.max(0, Math.floor(left_ms / 1000));
    const two = (value: number) => String(value).padStart(2, '0');
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
