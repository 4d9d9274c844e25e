/* The same report as a CSV file, as the command makes it. */
import { useState } from 'preact/hooks';
import { CommandError, runBytes } from '../api';
import { Button, errorText, toast } from '../design';
import { t } from '../i18n';

function save(content: Blob, name: string): void {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(content);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function CsvButton({ words, name }: { words: readonly string[]; name: string }) {
    const [busy, setBusy] = useState(false);
    const fetchCsv = async () => {
        setBusy(true);
        try {
            save((await runBytes([...words, '--csv'])).json, name);
        } catch (error) {
            toast(error instanceof CommandError ? errorText(error) : t('error.unknown'), 'danger');
        }
        setBusy(false);
    };
    return (
        <Button icon="download" busy={busy} onClick={() => void fetchCsv()}>
            CSV
        </Button>
    );
}
