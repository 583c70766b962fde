import QtQuick

Column {
	property bool preferredVisible: true

	visible: preferredVisible
	height: preferredVisible ? implicitHeight : 0
	spacing: 3
}
