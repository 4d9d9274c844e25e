/* Recovery: the root key and the recovery key in shares on paper, tried before they are needed. */
import { useStatus, type Status } from '../app/status';
import { Badge, Notice, Show } from '../design';
import { t } from '../i18n';
import { MakeShares } from './MakeShares';
import { Rehearse } from './Rehearse';
import { RekeyNotice } from './RekeyNotice';
import { SecurityPage } from './SecurityPage';

function RootState({ status }: { status: Status }) {
    if (status.root_key === 'in_shares') {
        return <Notice tone="success">{t('security.root_in_shares')}</Notice>;
    }
    if (status.root_key === null) {
        return <Notice>{t('security.root_elsewhere')}</Notice>;
    }
    return (
        <Notice tone="danger">
            <strong>{t('security.no_recovery')}</strong>
            <p>{t(status.root_key === 'never_split' ? 'security.root_never_split' : 'security.root_split')}</p>
        </Notice>
    );
}

function RootKey({ status }: { status: Status }) {
    const isHere = status.root_key === 'never_split' || status.root_key === 'split';
    return (
        <section class="card stack">
            <div class="spread">
                <h2>{t('security.root_key')}</h2>
                {isHere && <Badge tone="warning">{t('security.root_is_here')}</Badge>}
            </div>
            <p>{t('security.root_text')}</p>
            <RootState status={status} />
            <MakeShares
                title={t('security.root_split_do')}
                what={t('security.root_share')}
                words={['root', 'split']}
                rootSharesNeeded={!isHere}
                primary={status.root_key === 'never_split'}
            />
            <Rehearse title={t('security.rehearse_root')} words={['root', 'rehearse']} done={t('security.rehearsed')} />
            {status.root_key === 'split' && (
                <Rehearse
                    title={t('security.root_forget')}
                    text={t('security.root_forget_text')}
                    words={['root', 'forget']}
                    done={t('security.root_forgotten')}
                    danger
                />
            )}
        </section>
    );
}

function RecoveryKey({ status }: { status: Status }) {
    return (
        <section class="card stack">
            <h2>{t('security.recovery_key')}</h2>
            <p>{t('security.recovery_text')}</p>
            <RekeyNotice />
            <MakeShares
                title={t('security.recovery_make')}
                what={t('security.recovery_share')}
                words={['vault', 'recovery', 'make']}
                rootSharesNeeded={status.root_key === null || status.root_key === 'in_shares'}
            />
            <Rehearse title={t('security.rehearse_recovery')} words={['vault', 'recovery', 'rehearse']} done={t('security.rehearsed')} />
        </section>
    );
}

export function Recovery() {
    const status = useStatus();
    return (
        <SecurityPage title={t('security.recovery')} here="recovery">
            <p class="muted no-print">{t('security.recovery_intro')}</p>
            <Show loaded={status}>
                {(data) => (
                    <>
                        <RootKey status={data} />
                        <RecoveryKey status={data} />
                    </>
                )}
            </Show>
        </SecurityPage>
    );
}
