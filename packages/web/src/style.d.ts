/** Styles are files of their own; importing one puts it on the page. */
declare module '*.css';
