/* Another origin on this computer: a page with nothing on it, and what it is sent. Everything a page of it can try is in attempts(). */
import { createServer } from 'node:http';

export async function openForeign() {
    const taken = [];
    const server = createServer((request, response) => {
        taken.push(request.url);
        response.setHeader('Content-Type', 'text/html').end('<!doctype html><html lang="en"><title>Foreign</title><p>Another origin</p></html>');
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: server.address().port, taken, close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))) };
}

/* Runs in the foreign page. What each attempt came to: "refused", or what it got. `stolen`: a bearer that is valid, as if it had leaked. */
export async function attempts({ base, token, stolen }) {
    const results = {};
    const quietly = async (name, attempt) => {
        try {
            results[name] = (await attempt()) ?? 'refused';
        } catch {
            results[name] = 'refused';
        }
    };
    // An opaque answer is nothing that could be read; whether it did something is seen elsewhere.
    const read = async (path, options) => {
        const response = await fetch(base + path, options);
        return response.type === 'opaque' ? 'refused' : `status ${response.status}: ${await response.text()}`;
    };
    const loads = (tag, set) =>
        new Promise((resolve) => {
            const element = document.createElement(tag);
            element.onload = () => resolve('loaded');
            element.onerror = () => resolve('refused');
            set(element);
            document.body.append(element);
        });
    const command = '/api/command?word=lock&word=--json';
    const authorization = { Authorization: `Bearer ${stolen}` };
    await quietly('read the page', () => read('/'));
    await quietly('read the page without CORS', () => read('/', { mode: 'no-cors' }));
    await quietly('use a token', () => read('/api/session', { method: 'POST', body: JSON.stringify({ token }) }));
    await quietly('use a token without CORS', () => read('/api/session', { method: 'POST', mode: 'no-cors', body: JSON.stringify({ token }) }));
    await quietly('command', () => read(command, { method: 'POST' }));
    await quietly('command without CORS', () => read(command, { method: 'POST', mode: 'no-cors', credentials: 'include' }));
    await quietly('command with a bearer', () => read(command, { method: 'POST', headers: authorization }));
    await quietly('command with a bearer without CORS', () => read(command, { method: 'POST', mode: 'no-cors', headers: authorization }));
    await quietly('events', () => read('/api/events', { headers: authorization }));
    await quietly('join', () => read('/api/join', { method: 'POST', mode: 'no-cors', body: '{}' }));
    await quietly('beacon', () => (navigator.sendBeacon(base + command, ''), undefined));
    await quietly('image', () => loads('img', (image) => (image.src = `${base}/icon.svg`)));
    await quietly('script', () => loads('script', (script) => (script.src = `${base}/assets/index.js`)));
    await quietly('style', () => loads('link', (link) => ((link.rel = 'stylesheet'), (link.href = `${base}/assets/index.css`))));
    await quietly('stream of events', () =>
        new Promise((resolve) => {
            const source = new EventSource(`${base}/api/events`);
            source.onopen = () => resolve('opened');
            source.onerror = () => (source.close(), resolve());
        }),
    );
    await quietly('socket', () =>
        new Promise((resolve) => {
            const socket = new WebSocket(`${base.replace('http', 'ws')}/api/events`);
            socket.onopen = () => resolve('opened');
            socket.onerror = () => resolve();
        }),
    );
    await quietly('frame', async () => {
        await loads('iframe', (frame) => ((frame.name = 'victim'), (frame.src = `${base}/`)));
        return String(document.querySelector('iframe').contentDocument?.body?.textContent ?? 'refused');
    });
    await quietly('form', async () => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: base + command, target: 'victim', enctype: 'text/plain' });
        document.body.append(form);
        form.submit();
        await new Promise((resolve) => setTimeout(resolve, 500));
    });
    return results;
}
