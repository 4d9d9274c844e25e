/* What a person has to decide or mend: conflicts, exceptions, held work. */
import { useCommand } from '../../api';
import { replaceQuery } from '../../app/router';
import { Badge, Tabs } from '../../design';
import { t } from '../../i18n';
import type { Conflict } from './conflict';
import { Conflicts } from './Conflicts';
import { Exceptions, type Exception } from './Exceptions';
import { HeldWork, type Work } from './HeldWork';

type Key = 'conflicts' | 'exceptions' | 'review';

function Title({ text, count }: { text: string; count: number | undefined }) {
    return (
        <span class="row">
            {text}
            {count !== undefined && <Badge tone={count === 0 ? 'plain' : 'warning'}>{count}</Badge>}
        </span>
    );
}

export function Inbox({ query }: { query: URLSearchParams }) {
    const conflicts = useCommand<{ conflicts: Conflict[] }>(['conflicts']);
    const exceptions = useCommand<{ exceptions: Exception[] }>(['exceptions']);
    const work = useCommand<{ held_work: Work[] }>(['review', 'list']);
    const asked = query.get('tab');
    const current: Key = asked === 'exceptions' || asked === 'review' ? asked : 'conflicts';
    const tabs: { key: Key; title: preact.ComponentChildren }[] = [
        { key: 'conflicts', title: <Title text={t('office.conflicts')} count={conflicts.data?.conflicts.length} /> },
        { key: 'exceptions', title: <Title text={t('office.exceptions')} count={exceptions.data?.exceptions.length} /> },
        { key: 'review', title: <Title text={t('office.held_work')} count={work.data?.held_work.length} /> },
    ];
    return (
        <div class="stack">
            <h1>{t('office.inbox')}</h1>
            <Tabs label={t('office.inbox')} tabs={tabs} current={current} onChange={(tab) => replaceQuery({ tab })}>
                {current === 'conflicts' && <Conflicts loaded={conflicts} />}
                {current === 'exceptions' && <Exceptions loaded={exceptions} />}
                {current === 'review' && <HeldWork loaded={work} />}
            </Tabs>
        </div>
    );
}
