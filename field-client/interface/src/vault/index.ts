/* What pages about passwords share. */
export { RevealDialog, type RevealWish } from './RevealDialog';
export { SecretShown } from './SecretShown';
export * from './types';
export { useWaiting } from './use-waiting';
export { RIGHTS, rightsText, wordOf } from './words';
