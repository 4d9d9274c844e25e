/* A pen that the arrow keys move over a signature pad. Down at the beginning; the space bar lifts it and puts it down; Shift takes smaller steps. */
import type SignaturePadLibrary from 'signature_pad';
import { PEN_STYLE } from './strokes';

export interface Pen {
    /* Whether the key was the pen's. */
    press: (key: string, small: boolean) => boolean;
    lift: () => void;
    at: () => { x: number; y: number; down: boolean };
}

const STEP = 12;
const STEP_SMALL = 4;
const MOVES: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function keyboardPen(pad: SignaturePadLibrary, canvas: HTMLCanvasElement): Pen {
    let x = -1;
    let y = -1;
    let down = true;
    let drawing = false;
    const begin = () => {
        x = x < 0 ? canvas.offsetWidth / 4 : x;
        y = y < 0 ? canvas.offsetHeight / 2 : y;
    };
    const draw = () => {
        const data = pad.toData();
        const last = data[data.length - 1];
        const point = { x, y, time: Date.now(), pressure: 0.5 };
        if (drawing && last !== undefined) {
            last.points.push(point);
        } else {
            data.push({ ...PEN_STYLE, penColor: pad.penColor, points: [point] });
        }
        drawing = true;
        pad.fromData(data);
    };
    const move = ([dx, dy]: readonly [number, number], step: number) => {
        begin();
        if (down && !drawing) {
            draw();
        }
        x = Math.max(2, Math.min(canvas.offsetWidth - 2, x + dx * step));
        y = Math.max(2, Math.min(canvas.offsetHeight - 2, y + dy * step));
        if (down) {
            draw();
        }
    };
    return {
        press: (key, small) => {
            const direction = MOVES[key];
            if (direction !== undefined) {
                move(direction, small ? STEP_SMALL : STEP);
                return true;
            }
            if (key === ' ') {
                begin();
                down = !down;
                drawing = false;
                return true;
            }
            return false;
        },
        lift: () => {
            drawing = false;
            down = true;
            x = y = -1;
        },
        at: () => ({ x, y, down }),
    };
}
