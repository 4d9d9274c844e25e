/* A text as a QR code: the dark squares of it as one path. Pure: tests/office-qr.test.ts. */
import qrcode from 'qrcode-generator';

export interface QrPath {
    size: number; // squares on a side, with the quiet zone
    path: string;
}

/* White around the code, without which cameras do not find it. */
const QUIET = 4;

/* null: more than a QR code can hold. */
export function qrPath(text: string): QrPath | null {
    const code = qrcode(0, 'L');
    code.addData(text, 'Byte');
    try {
        code.make();
    } catch {
        return null;
    }
    const count = code.getModuleCount();
    let path = '';
    for (let row = 0; row < count; row++) {
        for (let column = 0; column < count; column++) {
            if (code.isDark(row, column)) {
                path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
            }
        }
    }
    return { size: count + 2 * QUIET, path };
}
