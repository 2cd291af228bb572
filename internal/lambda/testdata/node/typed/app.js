const ready = await Promise.resolve('ready');
export const handler = async () => ready;
