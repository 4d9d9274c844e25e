/* Photos and files of a visit: taken or chosen, kept encrypted on this laptop, sent with the next sync. */
import { useEffect, useState } from 'preact/hooks';
import { option, runBytes, useAction, useCommand } from '../api';
import { Badge, ErrorNotice, Icon, Show } from '../design';
import { formatBytes, t } from '../i18n';
import { smaller } from './photo';

interface Attached {
    id: string;
    file_name: string | null;
    media_type: string | null;
    size: number | null;
    here: boolean;
    confirmed: boolean;
    trouble: string | null;
}

const THUMBNAIL_BYTES_MAX = 8 * 1024 * 1024;

function Thumbnail({ file }: { file: Attached }) {
    const [url, setUrl] = useState<string>();
    const shown = file.here && file.media_type?.startsWith('image/') === true && (file.size ?? 0) <= THUMBNAIL_BYTES_MAX;
    useEffect(() => {
        let made: string | undefined;
        let gone = false;
        if (shown) {
            runBytes(['attachment', 'open', file.id, '-'])
                .then((answer) => {
                    made = URL.createObjectURL(answer.json);
                    if (gone) {
                        URL.revokeObjectURL(made);
                    } else {
                        setUrl(made);
                    }
                })
                .catch(() => undefined);
        }
        return () => {
            gone = true;
            if (made !== undefined) {
                URL.revokeObjectURL(made);
            }
        };
    }, [file.id, shown]);
    return url === undefined ? (
        <span class="photo-empty">
            <Icon name="camera" />
        </span>
    ) : (
        <img class="photo-image" src={url} alt={file.file_name ?? ''} />
    );
}

function Photo({ file }: { file: Attached }) {
    return (
        <li class="photo">
            <Thumbnail file={file} />
            <span class="small clip">{file.file_name}</span>
            <span class="row small muted">
                {file.size !== null && formatBytes(file.size)}
                {!file.confirmed && <Badge tone="warning">{t('common.unsent')}</Badge>}
            </span>
        </li>
    );
}

export function VisitPhotos({ visit }: { visit: string }) {
    const files = useCommand<{ rows: Attached[] }>(['attachment', 'list', visit]);
    const action = useAction();
    const attach = async (input: HTMLInputElement) => {
        for (const file of [...(input.files ?? [])]) {
            const photo = await smaller(file);
            const answer = await action.run(['visit', 'attach', visit, '-', option('name', photo.name)], { input: photo.data });
            if (answer === undefined) {
                break;
            }
        }
        input.value = '';
    };
    return (
        <div class="stack-tight">
            <div class="row">
                <label class="button" aria-busy={action.busy}>
                    {action.busy ? <span class="spinner" /> : <Icon name="camera" />}
                    {t('technician.add_photo')}
                    <input
                        class="unseen"
                        type="file"
                        multiple
                        disabled={action.busy}
                        onChange={(event) => void attach(event.currentTarget)}
                    />
                </label>
                <span class="small muted">{t('technician.photo_hint')}</span>
            </div>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <Show loaded={files}>
                {(data) =>
                    data.rows.length > 0 && (
                        <ul class="photos">
                            {data.rows.map((file) => (
                                <Photo key={file.id} file={file} />
                            ))}
                        </ul>
                    )
                }
            </Show>
        </div>
    );
}
