/* What other parts of the pages use of records. */
export { FieldInput } from './FieldInput';
export { FieldValue, choiceLabel } from './FieldValue';
export { RecordForm } from './RecordForm';
export { RecordHistory } from './RecordHistory';
export { ReferencePicker } from './ReferencePicker';
export { RecordValues } from './RecordDetail';
export { saveBlob } from './Csv';
export { fieldOf, labelOf, mayCreate, mayDelete, rowLabel, useEntities, useEntity, writableFields, type Entity, type EntityField, type Row } from './entities';
export { centsOfText, textOfCents } from './values';
