/* A server, an office and technicians, made with the real programs in a temporary folder.
 *
 * Homes are folders in it, named by the test. A home's agent runs in the foreground of a process of ours, so that its id is known; a home that has not
 * joined can only have one in the background (`countersign ui`), which is stopped through its socket.
 */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { end, freePort, pause, run, start } from './processes.mjs';

export const PASSPHRASE = 'correct horse battery staple';

export class Company {
    constructor(programs, helpers) {
        this.folder = mkdtempSync(join(tmpdir(), 'countersign-browser-'));
        chmodSync(this.folder, 0o700);
        this.client_program = join(programs, 'countersign');
        this.server_program = join(programs, 'countersign-server');
        this.agents = new Map();
        this.homes = new Set();
        writeFileSync(this.path('passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
        // Deriving keys takes most of the time of a join, by design; what it costs is tested elsewhere.
        const quick = join(helpers, 'end_to_end_quick_kdf.so');
        const { DISPLAY, WAYLAND_DISPLAY, COUNTERSIGN_HOME, ...kept } = process.env;
        this.env = { ...kept, LC_ALL: 'C.UTF-8', TZ: 'UTC', ...(existsSync(quick) ? { LD_PRELOAD: quick } : {}) };
        this.env_with_passphrase = { ...this.env, COUNTERSIGN_PASSPHRASE_FILE: this.path('passphrase') };
    }

    path(...names) {
        return join(this.folder, ...names);
    }

    /* `address`: what the invites name, where that is not the server's own port (a proxy's). */
    async startServer(address) {
        if (this.port === undefined) {
            this.port = await freePort();
            await this.must([this.server_program, 'init', this.path('server'), '--address', address ?? `127.0.0.1:${this.port}`, '--output', this.path('owner.invite')]);
        }
        this.server = await start([this.server_program, 'serve', this.path('server'), '--listen', `127.0.0.1:${this.port}`], {
            env: this.env,
            until: (said) => said.includes('listening on '),
        });
    }

    async stopServer() {
        await end(this.server);
    }

    async must(command, options = {}) {
        const result = await run(command, { env: this.env_with_passphrase, ...options });
        if (result.code !== 0) {
            throw new Error(`exit ${result.code}: ${command.join(' ')}\n${result.out}${result.err}`);
        }
        return result.out;
    }

    /* What the command prints; it has to work. */
    client(home, ...words) {
        this.homes.add(home);
        return this.must([this.client_program, '--home', this.path(home), ...words]);
    }

    async json(home, ...words) {
        return JSON.parse(await this.client(home, ...words, '--json'));
    }

    /* The id of the new row. */
    async make(home, entity, values) {
        const words = Object.entries(values).map(([name, value]) => `${name}=${value}`);
        return (await this.json(home, 'new', entity, ...words)).id;
    }

    async joinOwner(home, person) {
        await this.client(home, 'join', this.path('owner.invite'), '--person', person, '--device', home, '--kdf-memory-mib', '64');
    }

    async invite(inviter, home, person, role) {
        await this.client(inviter, 'invite', '--person', person, '--role', role, '--output', this.path(`${home}.invite`));
        return this.path(`${home}.invite`);
    }

    async join(inviter, home, person, role) {
        const invite = await this.invite(inviter, home, person, role);
        await this.client(home, 'join', invite, '--device', home, '--kdf-memory-mib', '64');
    }

    /* Locked, and syncing only when it is told to. */
    async startAgent(home) {
        this.homes.add(home);
        // One that was killed leaves its socket behind.
        rmSync(this.path(home, 'agent.sock'), { force: true });
        const command = [this.client_program, '--home', this.path(home), 'agent', '--foreground', '--locked', '--sync-every', '0', '--lock-after', '0'];
        this.agents.set(home, await start(command, { env: this.env }));
        for (let left = 400; left > 0; left--) {
            // Where none answers, `ui` would start another: so only once the socket is there.
            if (existsSync(this.path(home, 'agent.sock')) && (await run([this.client_program, '--home', this.path(home), 'entities'], { env: this.env })).code === 0) {
                return;
            }
            await pause(25);
        }
        throw new Error(`the agent of ${home} does not answer: ${this.agents.get(home).said.text}`);
    }

    async endAgent(home, signal) {
        await end(this.agents.get(home), signal);
        this.agents.delete(home);
    }

    /* One in the background, of a home that had not joined. */
    async stopAgent(home) {
        await this.must([this.client_program, '--home', this.path(home), 'agent', '--stop'], { env: this.env });
        for (let left = 400; left > 0 && existsSync(this.path(home, 'agent.sock')); left--) {
            await pause(25);
        }
    }

    /* An address that works once. Where no agent runs, one is started in the background. */
    async address(home) {
        this.homes.add(home);
        const starts = existsSync(this.path(home, 'agent.sock')) ? [] : ['--sync-every', '0', '--lock-after', '0'];
        const out = await this.must([this.client_program, '--home', this.path(home), 'ui', '--no-browser', '--json', ...starts], { env: this.env });
        return JSON.parse(out).address;
    }

    async end() {
        for (const home of this.homes) {
            if (existsSync(this.path(home, 'agent.sock'))) {
                await run([this.client_program, '--home', this.path(home), 'agent', '--stop'], { env: this.env, seconds: 10 });
            }
        }
        for (const agent of this.agents.values()) {
            await end(agent);
        }
        if (this.server !== undefined) {
            await end(this.server);
        }
        rmSync(this.folder, { recursive: true, force: true });
    }
}
