/* The result of a visit: one tap, or the arrow keys. */
import { useAction } from '../api';
import { ErrorNotice } from '../design';
import { t } from '../i18n';
import { labelOf, useEntity } from '../records/entities';
import type { Visit } from './rows';

export function ResultChoice({ visit, disabled }: { visit: Visit; disabled: boolean }) {
    const action = useAction();
    const choices = useEntity('visit')?.fields.find((field) => field.name === 'result')?.choices ?? [];
    return (
        <fieldset class="choice" disabled={disabled}>
            <legend class="field-label">
                {t('technician.result')} <span class="field-required">*</span>
            </legend>
            <div class="choice-options">
                {choices.map((choice) => (
                    <label key={choice.name} class="choice-option">
                        <input
                            type="radio"
                            name={`result-${visit.id}`}
                            value={choice.name}
                            checked={visit.result === choice.name}
                            onChange={() => void action.run(['set', 'visit', visit.id, `result=${choice.name}`])}
                        />
                        <span>{labelOf(choice)}</span>
                    </label>
                ))}
            </div>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
        </fieldset>
    );
}
