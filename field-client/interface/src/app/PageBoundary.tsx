/* An error in the code of a page is shown in its place, and the rest goes on. */
import { Component, type ComponentChildren } from 'preact';
import { CommandError } from '../api';
import { ErrorNotice } from '../design';

export class PageBoundary extends Component<{ children: ComponentChildren }, { error: Error | null }> {
    override state = { error: null };

    static override getDerivedStateFromError(error: Error) {
        return { error };
    }

    override render() {
        const error: Error | null = this.state.error;
        if (error === null) {
            return this.props.children;
        }
        return <ErrorNotice error={new CommandError('FAILED', (error as Error).message, -1)} again={() => this.setState({ error: null })} />;
    }
}
