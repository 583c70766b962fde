pragma Singleton
import QtQuick

QtObject {
	// Set by the test: it has pushPage(url, properties).
	property var pageManager: null
}
