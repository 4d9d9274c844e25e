/* Begins the visit of a work order and goes to its page; one that was begun is gone on with. */
import { option, useAction, type Action } from '../api';
import { goTo } from '../app/router';
import { toast } from '../design';

interface Started {
    id: string;
    existed: boolean;
    warnings: string[];
}

export interface Start {
    action: Action;
    /* At the customer's now; or only on the way: then the arrival is written down on the visit's page. */
    start: (order: string, how?: 'arrived' | 'departed') => Promise<void>;
}

export function useStart(): Start {
    const action = useAction();
    const start: Start['start'] = async (order, how = 'arrived') => {
        const departed = how === 'departed' ? [option('departed', new Date().toISOString())] : [];
        const answer = await action.run<Started>(['visit', 'start', order, ...departed]);
        if (answer === undefined) {
            return;
        }
        const { id, existed, warnings } = answer.json;
        if (!existed) {
            warnings.forEach((warning) => toast(warning));
            if (how === 'departed') {
                await action.run(['set', 'visit', id, 'arrived_at=']);
            }
        }
        goTo('visit', { id });
    };
    return { action, start };
}
