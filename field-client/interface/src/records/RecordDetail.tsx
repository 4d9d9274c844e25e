/* In work. */
import type { PageProps } from '../app/router';
import type { recordsRoutes } from './routes';

export function RecordDetail({ params }: PageProps<(typeof recordsRoutes)['recordDetail']>) {
    return <p>{params.entity}</p>;
}
