import QtQml.Models

ObjectModel {
}
