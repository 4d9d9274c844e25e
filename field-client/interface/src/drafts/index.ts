export { drafts } from './store';
export { useDraft, type Draft } from './use-draft';
