/* In work. */
import type { PageProps } from '../app/router';
import type { recordsRoutes } from './routes';

export function RecordNew({ params }: PageProps<(typeof recordsRoutes)['recordNew']>) {
    return <p>{params.entity}</p>;
}
