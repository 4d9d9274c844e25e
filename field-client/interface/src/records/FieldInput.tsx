/* What a field is entered with, by its type. The value is text (values.ts). */
import { DateInput, DateTimeInput, NumberInput, Select, TextArea, TextInput } from '../design';
import { t } from '../i18n';
import { labelOf, type EntityField } from './entities';
import { ReferencePicker } from './ReferencePicker';

const LINE_MAX = 255;

interface FieldInputProps {
    field: EntityField;
    value: string;
    valueLabel?: string | null | undefined; // of a reference
    onChange: (value: string) => void;
    autofocus?: boolean;
    label?: string; // where no Field is around it
}

export function FieldInput({ field, valueLabel, ...rest }: FieldInputProps) {
    switch (field.type) {
        case 'integer':
            return <NumberInput {...rest} />;
        case 'cents':
            return <NumberInput {...rest} decimals placeholder="0.00" />;
        case 'boolean':
            return (
                <Select
                    {...rest}
                    options={[
                        { value: 'true', label: t('common.yes') },
                        { value: 'false', label: t('common.no') },
                    ]}
                />
            );
        case 'date':
            return <DateInput {...rest} />;
        case 'instant':
            return <DateTimeInput {...rest} />;
        case 'choice':
            return <Select {...rest} options={field.choices.map((choice) => ({ value: choice.name, label: labelOf(choice) }))} />;
        case 'reference':
            return <ReferencePicker {...rest} entity={field.references ?? ''} valueLabel={valueLabel} />;
        default:
            return (field.size_max ?? 0) > LINE_MAX ? <TextArea {...rest} /> : <TextInput {...rest} />;
    }
}
