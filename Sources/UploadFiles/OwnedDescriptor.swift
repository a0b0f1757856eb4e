import SystemPackage

/// A file descriptor that is closed with its last reference, so that none can be used after it was closed.
final class OwnedDescriptor: Sendable {
    let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    deinit {
        // What was written matters only once a sync has reported success; close has nothing to add to that.
        try? descriptor.close()
    }
}
