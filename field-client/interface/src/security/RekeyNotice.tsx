/* New keys of vaults are due: somebody left, a device was revoked, or there is a new recovery key. */
import { useAction } from '../api';
import { useStatus } from '../app/status';
import { Button, ErrorNotice, Notice, toast } from '../design';
import { t } from '../i18n';

/* Without a project: of all vaults. */
export function RekeyNotice({ project }: { project?: string }) {
    const action = useAction();
    const all = useStatus().data?.vault_notes.due ?? [];
    const due = project === undefined ? all : all.filter((each) => each.project === project);
    const rekey = async () => {
        if ((await action.run(['vault', 'rekey', ...(project === undefined ? [] : [project])])) !== undefined) {
            toast(t('security.rekeyed'), 'success');
        }
    };
    if (due.length === 0 && action.error === undefined) {
        return null;
    }
    return (
        <Notice tone="warning">
            <div class="spread">
                <span>{project === undefined ? t('security.rekey_all_due', { n: due.length }) : t('security.rekey_due')}</span>
                <Button icon="key" busy={action.busy} onClick={() => void rekey()}>
                    {t('security.rekey')}
                </Button>
            </div>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
        </Notice>
    );
}
