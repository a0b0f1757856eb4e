import UploadCore

extension ServerConfiguration {
    /// What views of the database have to know of it: seconds or bytes by key.
    var notedSettings: [String: Int64] {
        [
            "taskTimeout": taskTimeout.components.seconds, "pausedTimeout": pausedTimeout.components.seconds,
            "retention": retention.components.seconds, "callbackGiveUpAfter": callbackGiveUpAfter.components.seconds,
            "minFreeSpace": Int64(minFreeSpace),
        ]
    }
}
