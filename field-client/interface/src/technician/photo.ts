/* A photo as small as its purpose allows: the camera's 12 megapixels would be sent over a telephone's network. Other files stay as they are. */

const SIDE_MAX = 2048;
const BYTES_SMALL = 600 * 1024;
const QUALITY = 0.85;

export interface Photo {
    name: string;
    data: Blob;
}

export async function smaller(file: File): Promise<Photo> {
    const asIs = { name: file.name, data: file };
    if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size <= BYTES_SMALL) {
        return asIs;
    }
    try {
        const bitmap = await createImageBitmap(file);
        const scale = Math.min(1, SIDE_MAX / Math.max(bitmap.width, bitmap.height));
        const canvas = document.createElement('canvas');
        canvas.width = Math.round(bitmap.width * scale);
        canvas.height = Math.round(bitmap.height * scale);
        canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
        bitmap.close();
        const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
        const name = file.name.replace(/\.\w+$/, '') + '.jpg';
        return blob !== null && blob.size < file.size ? { name, data: blob } : asIs;
    } catch {
        return asIs;
    }
}
