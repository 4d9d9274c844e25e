/* Short messages that go away by themselves. What must not be missed is an ErrorNotice instead. */
import { signal } from '@preact/signals';
import { t } from '../i18n';
import { Button } from './Button';

type Tone = 'plain' | 'success' | 'danger';
interface Message {
    number: number;
    text: string;
    tone: Tone;
}

const SHOWN_MS = 6000;
const messages = signal<Message[]>([]);
let count = 0;

export function toast(text: string, tone: Tone = 'plain'): void {
    const number = ++count;
    messages.value = [...messages.peek(), { number, text, tone }];
    setTimeout(() => remove(number), SHOWN_MS);
}

function remove(number: number): void {
    messages.value = messages.peek().filter((message) => message.number !== number);
}

export function Toasts() {
    return (
        <div class="toasts no-print" role="status" aria-live="polite">
            {messages.value.map((message) => (
                <div key={message.number} class={`toast toast-${message.tone}`}>
                    <span class="grow">{message.text}</span>
                    <Button kind="quiet" icon="close" label={t('common.close')} onClick={() => remove(message.number)} />
                </div>
            ))}
        </div>
    );
}
