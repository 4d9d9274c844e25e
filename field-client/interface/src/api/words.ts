/* Words of commands. What a person typed may begin with "--": as a word of its own it would be another option, or leave this one without
 * a value. So it is one word with its option, and behind "--" where it has none. tests/words.test.ts looks for others. */
export function option(name: string, value: string | number): string {
    return `--${name}=${value}`;
}
