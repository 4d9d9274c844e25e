/* In work. */
import type { PageProps } from '../app/router';
import type { recordsRoutes } from './routes';

export function RecordEdit({ params }: PageProps<(typeof recordsRoutes)['recordEdit']>) {
    return <p>{params.entity}</p>;
}
