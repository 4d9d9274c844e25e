/* The design system: import from here. */
export { Button, LinkButton } from './Button';
export { ConfirmDialog, Dialog } from './Dialog';
export { Field } from './Field';
export { Icon, type IconName } from './Icon';
export { CheckBox, DateInput, DateTimeInput, NumberInput, Select, TextArea, TextInput, type Option } from './inputs';
export { Badge, DefinitionList, Table, type Column, type Tone } from './parts';
export { EmptyState, ErrorNotice, Loading, Notice, Show, errorText } from './states';
export { Tabs } from './Tabs';
export { Toasts, toast } from './Toast';
export { VirtualList, type ListAnswer, type ListColumn } from './VirtualList';
