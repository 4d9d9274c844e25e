export { CommandError, postJson, run, runBytes, type Answer, type RunOptions } from './command';
export { appState, connection, type AppState } from './state';
export { useAction, type Action } from './use-action';
export { forgetAll, rowsChanged, useCommand, type Loaded } from './use-command';
export { option } from './words';
