/* How far a campaign is, as a bar and in words. */
import { t } from '../i18n';
import { wordOf, type Step } from '../vault';

const STEPS: readonly Step[] = ['unprepared', 'pending', 'applied', 'verified', 'done'];

export function Progress({ counts }: { counts: Record<Step, number> }) {
    const total = STEPS.reduce((sum, step) => sum + counts[step], 0);
    return (
        <div class="stack-tight">
            <progress class="progress" max={total} value={counts.done} aria-label={t('security.progress', { done: counts.done, total })} />
            <span class="small">
                {STEPS.filter((step) => counts[step] > 0)
                    .map((step) => `${wordOf('step', step)} ${counts[step]}`)
                    .join(' · ')}
            </span>
        </div>
    );
}
