/* Where the pages begin. */
import { render } from 'preact';

render(<main>Countersign</main>, document.getElementById('app')!);
