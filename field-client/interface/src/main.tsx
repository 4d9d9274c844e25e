/* Where the pages begin. */
import { render } from 'preact';
import { listen } from './api/state';
import { openSession, session } from './api/session';
import { App } from './app/App';
import './design/tokens.css';
import './design/base.css';
import './design/components.css';
import './app/app.css';
import './office/office.css';
import './records/records.css';
import './vault/vault.css';
import './security/security.css';
import './technician/technician.css';

const root = document.getElementById('app');
if (root !== null) {
    render(<App />, root);
}
void openSession().then(() => listen(() => session.peek() === 'open'));
