/* Texts, dates and amounts in the language of the person. */
export { language, setLanguage, type Language } from './language';
export { t, type PlainTextKey, type TextKey } from './text';
export { formatAmount, formatBytes, formatCount, formatDate, formatInstant, formatRelative, formatTime } from './format';
