/*
 * A signature as `visit sign --strokes -` takes it (field-client/visit/strokes.h): strokes of points [x, y, milliseconds]. Pure.
 */
export type Point = readonly [x: number, y: number, time: number];
export type Strokes = readonly (readonly Point[])[];

/* What signature_pad's toData gives, as far as it is used here. */
export interface PadStroke {
    points: readonly { x: number; y: number; time: number }[];
}

/* Tenths of a pixel are finer than a hand; times count from the first point: the clock stands beside the signature already. */
export function fromPad(pad: readonly PadStroke[]): Strokes {
    const begin = pad[0]?.points[0]?.time ?? 0;
    const tenth = (value: number) => Math.round(value * 10) / 10;
    return pad.filter((stroke) => stroke.points.length > 0).map(({ points }) => points.map(({ x, y, time }) => [tenth(x), tenth(y), Math.round(time - begin)] as const));
}

/* How strokes are drawn that no hand draws now: by keys, or again. */
export const PEN_STYLE = { dotSize: 0, minWidth: 1.4, maxWidth: 2, velocityFilterWeight: 0.7, compositeOperation: 'source-over' } as const;

/* Strokes of before for signature_pad's fromData. They end at `now`, or the next stroke would be decades after them. */
export function toPad(strokes: Strokes, penColor: string, now: number) {
    const begin = now - (strokes.at(-1)?.at(-1)?.[2] ?? 0);
    return strokes.map((stroke) => ({
        ...PEN_STYLE,
        penColor,
        points: stroke.map(([x, y, time]) => ({ x, y, time: begin + time, pressure: 0.5 })),
    }));
}

export function pointCount(strokes: Strokes): number {
    return strokes.reduce((sum, stroke) => sum + stroke.length, 0);
}

type AnyPoint = readonly number[] | { x: number; y: number };
type AnyStroke = readonly AnyPoint[] | { points: readonly AnyPoint[] };

function place(point: AnyPoint): [number, number] {
    return 'x' in point ? [point.x, point.y] : [point[0] ?? 0, point[1] ?? 0];
}

export interface Drawing {
    lines: string[]; // points of polylines
    box: string; // the viewBox around them
}

/* Any accepted form as lines to draw; a receipt may come from another program. */
export function drawingOf(strokes: unknown): Drawing {
    const list = Array.isArray(strokes) ? (strokes as AnyStroke[]) : [];
    const lines = list.map((stroke) => ('points' in stroke ? stroke.points : stroke).map(place));
    const all = lines.flat();
    const xs = all.map(([x]) => x);
    const ys = all.map(([, y]) => y);
    const margin = 4;
    const [left, top] = all.length === 0 ? [0, 0] : [Math.min(...xs), Math.min(...ys)];
    const [right, bottom] = all.length === 0 ? [1, 1] : [Math.max(...xs), Math.max(...ys)];
    return {
        // A dot is a line to itself, or nothing would be drawn.
        lines: lines.map((line) => (line.length === 1 ? [...line, ...line] : line).map((point) => point.join(',')).join(' ')),
        box: [left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin].join(' '),
    };
}
