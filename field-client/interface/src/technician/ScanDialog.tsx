/* Scans the code of a part. Where the camera does not work, a typed code does. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { option, run } from '../api';
import { Dialog, Notice } from '../design';
import { t } from '../i18n';
import type { Listed, Part } from './rows';
import { makeDetector, openCamera } from './scan';

const EVERY_MS = 200;

async function partOf(code: string): Promise<Part | undefined> {
    const answer = await run<Listed<Part>>(['list', 'part', `code=${code}`, option('limit', '1')]);
    return answer.json.rows[0];
}

/* Looks until a part is found or the dialog closes. */
async function watch(video: HTMLVideoElement, closed: () => boolean, tell: (unknown: string) => void, qrOnly: (only: boolean) => void) {
    const made = await makeDetector();
    qrOnly(made.qrOnly);
    let last = '';
    while (!closed()) {
        const codes = await made.detector.detect(video).catch(() => []);
        const code = codes[0]?.rawValue.trim() ?? '';
        if (code !== '' && code !== last) {
            last = code;
            const part = await partOf(code);
            if (part !== undefined) {
                return part;
            }
            tell(code);
        }
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    return undefined;
}

export function ScanDialog({ onFound, onClose }: { onFound: (part: Part) => void; onClose: () => void }) {
    const video = useRef<HTMLVideoElement>(null);
    const [trouble, setTrouble] = useState('');
    const [unknown, setUnknown] = useState('');
    const [qrOnly, setQrOnly] = useState(false);
    useEffect(() => {
        let closed = false;
        let stream: MediaStream | undefined;
        const begin = async () => {
            stream = await openCamera();
            const shown = video.current;
            if (shown === null || closed) {
                return;
            }
            shown.srcObject = stream;
            await shown.play();
            const part = await watch(shown, () => closed, setUnknown, setQrOnly);
            if (part !== undefined && !closed) {
                onFound(part);
            }
        };
        begin().catch(() => !closed && setTrouble(t('technician.no_camera')));
        return () => {
            closed = true;
            stream?.getTracks().forEach((track) => track.stop());
        };
    }, []);
    return (
        <Dialog title={t('technician.scan_title')} onClose={onClose}>
            <div class="stack">
                {trouble !== '' ? <Notice tone="warning">{trouble}</Notice> : <video ref={video} class="scan-video" muted playsInline />}
                {unknown !== '' && <Notice tone="warning">{t('technician.unknown_code', { code: unknown })}</Notice>}
                <p class="small muted">{qrOnly ? t('technician.scan_qr_only') : t('technician.scan_hint')}</p>
            </div>
        </Dialog>
    );
}
