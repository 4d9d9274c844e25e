/* The network between laptops and server: a way through that can be cut and comes back at the same port. */
import { connect, createServer } from 'node:net';
import { freePort } from './processes.mjs';

export class Network {
    sockets = new Set();

    static async make() {
        const network = new Network();
        network.port = await freePort();
        return network;
    }

    get address() {
        return `127.0.0.1:${this.port}`;
    }

    async connect(target) {
        this.target = target;
        this.server = createServer((near) => {
            const far = connect(this.target, '127.0.0.1');
            for (const [one, other] of [[near, far], [far, near]]) {
                this.sockets.add(one);
                one.on('error', () => other.destroy()).on('close', () => (this.sockets.delete(one), other.destroy()));
                one.pipe(other);
            }
        });
        await new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    }

    /* As if the cable were pulled out: what is under way is lost. */
    async cut() {
        const closed = new Promise((resolve) => this.server.close(resolve));
        this.sockets.forEach((socket) => socket.destroy());
        await closed;
    }

    async restore() {
        await this.connect(this.target);
    }
}
