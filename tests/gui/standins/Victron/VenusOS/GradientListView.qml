import QtQuick

ListView {
	anchors.fill: parent
	anchors.margins: 8
	spacing: 3
	cacheBuffer: 100000
}
