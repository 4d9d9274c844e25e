/* What is shown: the way in, or the pages. */
import { useEffect } from 'preact/hooks';
import { appState, connection, forgetAll } from '../api';
import { session } from '../api/session';
import { ErrorNotice, Loading, Notice, Toasts } from '../design';
import { CommandError } from '../api';
import { language, t } from '../i18n';
import { Entrance } from './Entrance';
import { JoinScreen } from './JoinScreen';
import { LockScreen } from './LockScreen';
import { Shell } from './Shell';

function Content() {
    const state = appState.value;
    if (session.value === 'ended') {
        return (
            <Entrance title={t('app.session_ended')}>
                <Notice>{t('app.session_ended_text')}</Notice>
            </Entrance>
        );
    }
    if (state === null) {
        return connection.value === 'lost' ? (
            <Entrance title={t('app.no_program')}>
                <ErrorNotice error={new CommandError('UNREACHABLE', '', -1)} />
            </Entrance>
        ) : (
            <Loading />
        );
    }
    if (!state.joined) {
        return <JoinScreen />;
    }
    return state.unlocked ? <Shell /> : <LockScreen />;
}

export function App() {
    const unlocked = appState.value?.unlocked === true;
    const chosen = language.value;
    useEffect(() => {
        if (!unlocked) {
            forgetAll();
        }
    }, [unlocked]);
    useEffect(() => {
        document.documentElement.lang = chosen === 'zh' ? 'zh-CN' : 'en';
    }, [chosen]);
    return (
        <>
            <Content />
            <Toasts />
        </>
    );
}
