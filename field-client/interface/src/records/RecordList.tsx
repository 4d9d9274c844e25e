/* In work. */
import type { PageProps } from '../app/router';
import type { recordsRoutes } from './routes';

export function RecordList({ params }: PageProps<(typeof recordsRoutes)['recordList']>) {
    return <p>{params.entity}</p>;
}
