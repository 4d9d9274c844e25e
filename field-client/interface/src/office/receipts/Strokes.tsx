/* A signature as it was drawn. */
import { t } from '../../i18n';

export type Strokes = readonly (readonly (readonly number[])[])[];

const MARGIN = 6;

export function SignatureDrawing({ strokes, signer }: { strokes: Strokes; signer: string }) {
    const points = strokes.flat();
    if (points.length === 0) {
        return null;
    }
    const xs = points.map((point) => point[0] ?? 0);
    const ys = points.map((point) => point[1] ?? 0);
    const left = Math.min(...xs) - MARGIN;
    const top = Math.min(...ys) - MARGIN;
    const width = Math.max(...xs) - left + MARGIN;
    const height = Math.max(...ys) - top + MARGIN;
    return (
        <svg class="signature" viewBox={`${left} ${top} ${width} ${height}`} role="img" aria-label={t('office.signature_of', { who: signer })}>
            {strokes.map((stroke, i) => (
                <polyline key={i} points={stroke.map((point) => `${point[0]},${point[1]}`).join(' ')} />
            ))}
        </svg>
    );
}
