import type { Transaction } from '../../database/transaction.js';
import { disown, nameContent } from '../../domain/files.js';
import type { part } from '../../resources/index.js';
import type { Row } from '../../resources/resource.js';
import { partMaterial, record } from '../../resources/shapes.js';
import type { PlatePicture, ReadUpload } from './sliced-upload.js';

type PartRow = Row<typeof part>;

/** What a part says about the contents of its main file. */
export function contentFields(
  read: ReadUpload | null,
  pictureUris: ReadonlyMap<number, string>,
): Pick<PartRow, 'materials' | 'metadata' | 'slicingEstimate' | 'thumbnailUri'> {
  if (!read) {
    return {
      materials: [{ index: 0, color: null, type: null }],
      metadata: null,
      slicingEstimate: null,
      thumbnailUri: null,
    };
  }
  const { file } = read;
  const plates = file.metadata3mf.plates.map((plate) => {
    const uri = pictureUris.get(plate.id);
    return uri === undefined ? plate : { ...plate, thumbnailUploadedUri: uri };
  });
  return {
    materials: file.materials.map((material) => partMaterial.parse(material)),
    metadata: record.parse({ ...file.metadata3mf, plates }),
    slicingEstimate: file.slicingEstimate === null ? null : record.parse(file.slicingEstimate),
    thumbnailUri: [...pictureUris.values()][0] ?? null,
  };
}

/** Names the pictures of a part's plates. @returns plate number to path */
export async function namePictures(
  tx: Transaction,
  partId: string,
  pictures: readonly PlatePicture[],
): Promise<ReadonlyMap<number, string>> {
  const uris = new Map<number, string>();
  for (const picture of pictures) {
    const uri = `${tx.context.storeId}/parts/${partId}/thumbnails/${picture.fileName}`;
    await nameContent(tx, uri, 'thumbnail', partId, picture);
    uris.set(picture.plateId, uri);
  }
  await disown(tx, partId, 'thumbnail', new Set(uris.values()));
  return uris;
}
