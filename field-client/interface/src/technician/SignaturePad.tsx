/*
 * Where the customer signs: with a finger, pen or mouse, or with the keyboard: arrow keys move the pen, the space bar lifts it and puts it down.
 */
import SignaturePadLibrary from 'signature_pad';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from '../design';
import { t } from '../i18n';
import { keyboardPen, type Pen } from './keyboard-pen';
import { fromPad, toPad, type Strokes } from './strokes';

interface PadProps {
    initial: Strokes; // drawn before the page was loaded again
    onChange: (strokes: Strokes) => void;
}

/* The canvas has as many pixels as the screen shows of it; what was drawn is drawn again. */
function fit(canvas: HTMLCanvasElement, pad: SignaturePadLibrary): void {
    const data = pad.toData();
    const ratio = Math.max(devicePixelRatio, 1);
    canvas.width = canvas.offsetWidth * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext('2d')?.scale(ratio, ratio);
    pad.penColor = getComputedStyle(canvas).color;
    pad.clear();
    pad.fromData(data.map((stroke) => ({ ...stroke, penColor: pad.penColor })));
}

export function SignaturePad({ initial, onChange }: PadProps) {
    const hint = useId();
    const canvas = useRef<HTMLCanvasElement>(null);
    const pad = useRef<SignaturePadLibrary>();
    const pen = useRef<Pen>();
    const [cursor, setCursor] = useState<{ x: number; y: number; down: boolean }>();
    const changed = () => onChange(fromPad(pad.current?.toData() ?? []));
    useEffect(() => {
        const element = canvas.current;
        if (element === null) {
            return;
        }
        const made = new SignaturePadLibrary(element, { minWidth: 0.8, maxWidth: 2.4 });
        made.fromData(toPad(initial, made.penColor, Date.now()));
        pad.current = made;
        pen.current = keyboardPen(made, element);
        made.addEventListener('endStroke', changed);
        const watch = new ResizeObserver(() => fit(element, made));
        watch.observe(element);
        return () => {
            watch.disconnect();
            made.off();
        };
    }, []);
    const onKey = (event: KeyboardEvent) => {
        if (pen.current?.press(event.key, event.shiftKey) === true) {
            event.preventDefault();
            setCursor(pen.current.at());
            changed();
        }
    };
    const clear = () => {
        pad.current?.clear();
        pen.current?.lift();
        setCursor(undefined);
        changed();
        canvas.current?.focus();
    };
    return (
        <div class="pad">
            <div class="pad-paper">
                <canvas
                    ref={canvas}
                    class="pad-canvas"
                    tabIndex={0}
                    role="application"
                    aria-label={t('technician.pad')}
                    aria-describedby={hint}
                    onKeyDown={onKey}
                    onBlur={() => setCursor(undefined)}
                />
                {cursor !== undefined && <span class={cursor.down ? 'pad-pen pad-pen-down' : 'pad-pen'} style={{ left: `${cursor.x}px`, top: `${cursor.y}px` }} />}
            </div>
            <div class="spread">
                <span id={hint} class="small muted grow">
                    {t('technician.pad_hint')}
                </span>
                <Button icon="trash" onClick={clear}>
                    {t('technician.pad_clear')}
                </Button>
            </div>
        </div>
    );
}
