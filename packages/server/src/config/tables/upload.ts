import {
  atStart,
  choice,
  duration,
  flag,
  limit,
  line,
  mediaTypes,
  optionalTable,
  path,
  sizeLimit,
  url,
} from '../keys.ts';

/** XEP-0363. */
export const upload = optionalTable(
  'Files that users send (XEP-0363), at upload.DOMAIN and over the HTTP server; `http.public_url` says where the world reaches it.',
  {
    enabled: atStart(flag(true, 'Take files, where the HTTP server is enabled.')),
    file_bytes: sizeLimit('100 MiB', 'The largest file.'),
    profile_bytes: sizeLimit('2 MiB', 'The largest file for a profile, such as an avatar.'),
    quota_bytes: sizeLimit('1 GiB', 'What the files of one account may take, all together.'),
    quota_files: limit(10_000, 'How many files one account may have.'),
    total_bytes: sizeLimit('20 GiB', 'What the files of all accounts may take.'),
    pending: limit(20, 'Slots that one account may have asked for and not used yet.'),
    types: mediaTypes('The types of files that are taken.'),
    slot_time: duration('5 minutes', 'How long a slot may be used.'),
    idle_time: duration('30 seconds', 'How long an upload may stand still before it is given up.', {
      none: 'no limit',
    }),
    retention: duration('30 days', 'How long files of messages are kept.', { forever: true }),
    profile_retention: duration('forever', 'How long files of profiles are kept.', { forever: true }),
    storage: atStart(
      choice(['disk', 's3'], 'disk', 'Where files are kept: in a folder, or with a service that speaks S3.'),
    ),
    folder: atStart(path('', 'The folder of the files; none: "upload" in the data folder.')),
    s3_endpoint: atStart(
      url('The address of the S3 service with the bucket, such as https://s3.example.org/bucket.', ['https', 'http']),
    ),
    s3_region: atStart(line('us-east-1', 'The region, as the service calls it.')),
    s3_key: atStart(line('', 'The id of the access key.')),
    s3_secret: atStart(line('', 'The secret access key.', { secret: true })),
    s3_read_time: duration('1 hour', 'How long an address is good that a file is read from directly.'),
  },
);
