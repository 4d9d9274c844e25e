/* Programs that a test starts: each is ended by its id, and when the test itself is ended by force it ends too (setpriv). */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

const running = new Set();
const WITH_US = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : [];

/* A program that stays. `until`: what it prints when it is ready. */
export async function start(command, { env = process.env, until, seconds = 20 } = {}) {
    const words = [...WITH_US, ...command];
    const child = spawn(words[0], words.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const said = { text: '' };
    const ended = new Promise((resolve) => child.once('exit', (code) => (running.delete(child), resolve(code))));
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => (said.text += text));
    }
    const process_ = { child, said, ended };
    for (let left = seconds * 40; until !== undefined && !until(said.text); left--) {
        if (left === 0 || child.exitCode !== null) {
            await end(process_, 'SIGKILL');
            throw new Error(`${command[0]} did not start: ${said.text}`);
        }
        await pause(25);
    }
    return process_;
}

export async function end({ child, ended }, signal = 'SIGTERM') {
    if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        const force = setTimeout(() => child.kill('SIGKILL'), 10000);
        await ended;
        clearTimeout(force);
    }
}

export async function endAll() {
    await Promise.all([...running].map((child) => new Promise((resolve) => (child.once('exit', resolve), child.kill('SIGKILL')))));
}

/* A program that ends by itself: its exit code and what it printed. */
export function run(command, { env = process.env, input = '', seconds = 60 } = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(command[0], command.slice(1), { env, timeout: seconds * 1000, killSignal: 'SIGKILL' });
        let out = '';
        let err = '';
        child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
        child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
        child.once('error', reject);
        // The output ends when all that have it end: an agent in the background has given it away by then.
        child.once('close', (code) => resolve({ code, out, err }));
        child.stdin.on('error', () => undefined);
        child.stdin.end(input);
    });
}

export function pause(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}

/* A port that is free now. */
export function freePort() {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.once('error', reject);
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}
