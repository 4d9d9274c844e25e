/* Reads barcodes and QR codes from the camera: the browser's own detector where it has one, else a small reader of QR codes, loaded only then. */

interface Detector {
    detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
type DetectorClass = new () => Detector;

const WIDTH_MAX = 800;

export function canScan(): boolean {
    return navigator.mediaDevices?.getUserMedia !== undefined;
}

async function qrDetector(): Promise<Detector> {
    const { default: readQr } = await import('jsqr');
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    return {
        detect: (video) => {
            const scale = Math.min(1, WIDTH_MAX / Math.max(video.videoWidth, 1));
            canvas.width = video.videoWidth * scale;
            canvas.height = video.videoHeight * scale;
            if (context === null || canvas.width === 0) {
                return Promise.resolve([]);
            }
            context.drawImage(video, 0, 0, canvas.width, canvas.height);
            const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
            const found = readQr(data, width, height);
            return Promise.resolve(found === null ? [] : [{ rawValue: found.data }]);
        },
    };
}

export async function makeDetector(): Promise<{ detector: Detector; qrOnly: boolean }> {
    const own = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
    return own === undefined ? { detector: await qrDetector(), qrOnly: true } : { detector: new own(), qrOnly: false };
}

export async function openCamera(): Promise<MediaStream> {
    return navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
}
